"""What happens while functions run, joined with what their code says: `lambent watch`."""
