"""What callers may do: which rights a request needs, whose policies count, what is said of a denial."""
