// An upload in parts by @aws-sdk/lib-storage, read again as a stream and by a presigned link.
const { S3Client, CreateBucketCommand, GetObjectCommand } = require("@aws-sdk/client-s3");
const { Upload } = require("@aws-sdk/lib-storage");
const { getSignedUrl } = require("@aws-sdk/s3-request-presigner");
const { createHash, randomBytes } = require("node:crypto");
const { Readable } = require("node:stream");
const assert = require("node:assert");

const digest = (bytes) => createHash("sha256").update(bytes).digest("hex");

(async () => {
  const client = new S3Client({ forcePathStyle: true });
  await client.send(new CreateBucketCommand({ Bucket: "from-js" }));
  const pieces = Array.from({ length: 12 }, () => randomBytes(1 << 20));
  const params = { Bucket: "from-js", Key: "a b/ä", Body: Readable.from(pieces), ChecksumAlgorithm: "SHA256" };
  await new Upload({ client, params, partSize: 5 << 20 }).done();
  const asked = new GetObjectCommand({ Bucket: "from-js", Key: "a b/ä" });
  const { Body } = await client.send(asked);
  assert.equal(digest(await Body.transformToByteArray()), digest(Buffer.concat(pieces)));
  const answer = await fetch(await getSignedUrl(client, asked, { expiresIn: 60 }));
  assert.equal((await answer.arrayBuffer()).byteLength, 12 << 20);
})();
