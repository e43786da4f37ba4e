"""Functions that show Lambent at work, and the demo that runs one."""
