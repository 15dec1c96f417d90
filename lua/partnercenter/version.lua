-- The one place that holds the version. The build compiles it into the core.
-- SPDX-License-Identifier: MIT
return "0.1.0"
