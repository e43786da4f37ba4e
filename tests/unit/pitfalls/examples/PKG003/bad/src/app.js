const AWS = require('aws-sdk'); // expect
const s3 = new AWS.S3();

exports.handler = async (event) => s3.headObject({ Bucket: 'b', Key: event.key }).promise();
