"""What serves deployed REST APIs: a request by its host name, through the API, to a function and back."""
