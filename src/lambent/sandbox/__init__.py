"""How a process is confined. Knows Linux; knows nothing of AWS."""
