"""The conversation with what runs inside an execution environment, and how each runtime is started."""
