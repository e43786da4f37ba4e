"""CodeDeploy for functions: applications, groups, configurations, deployments that shift an alias's traffic."""
