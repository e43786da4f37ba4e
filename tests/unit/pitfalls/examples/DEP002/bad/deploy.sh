aws lambda update-function-code --function-name a --zip-file fileb://a.zip
aws lambda publish-version --function-name a  # expect
