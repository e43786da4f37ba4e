"""The query language of CloudWatch Logs Insights: read (`reading`), and run over log events (`running`)."""
