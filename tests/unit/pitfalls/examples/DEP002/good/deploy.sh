aws lambda update-function-code --function-name a --zip-file fileb://a.zip
aws lambda wait function-updated-v2 --function-name a
aws lambda publish-version --function-name a
