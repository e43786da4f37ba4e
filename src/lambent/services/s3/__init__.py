"""S3: buckets and objects that last, answered here."""
