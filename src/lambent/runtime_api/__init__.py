"""The conversation with what runs inside an execution environment: the Runtime, Extensions and Telemetry APIs."""
