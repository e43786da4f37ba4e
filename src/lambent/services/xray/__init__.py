"""What X-Ray answers: segments come in, traces, summaries and graphs go out."""
