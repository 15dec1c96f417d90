-- The documented words of the report service's errors, with their status.
return {
  bad_id = { 400, "Invalid QueryId" },
  missing = { 400, "Null or missing value" },
  interval = { 400, "Recurrence Interval must be between 4 and 2160" },
  start = { 400, "Invalid report parameters for creation - Start time of report should at least be "
    .. "4 hours from current UTC time" },
  start_format = { 400, "StartTime should follow format yyyy-MM-ddTHH:mm:ssZ" },
  value = { 400, "Requested value '%s' not found" },
  name = { 400, "Invalid character (;) in ReportName" },
  length = { 400, "Limit ReportName and Description length to 256 characters" },
  count = { 400, "Recurrence count has to be a positive integer value" },
  reports = { 400, "User has exceeded its report creation quota of 50 active reports" },
  now = { 400, "User has exceeded its ExecuteNow report creation quota of 5 reports/60 mins" },
  queries = { 400, "Number of queries exceeded the limit of 100" },
  none = { 404, "No item found with given filters." },
  no_runs = { 404, "There are no executions that have occurred for the given filter conditions. "
    .. "Double check the reportId or executionId and retry the API after the report's scheduled "
    .. "execution time" },
}
