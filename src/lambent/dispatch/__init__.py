"""Who gets an invocation: the invoker, pools of environments, provisioned concurrency."""
