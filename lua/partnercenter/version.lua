-- The one place that holds the version. The build compiles it into the core.
return "0.1.0"
