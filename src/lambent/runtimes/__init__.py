"""How each runtime is found and started."""
