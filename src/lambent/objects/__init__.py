"""What S3 does, without HTTP: buckets, versions of objects, multipart uploads, notifications. All of it lasts."""
