import { createHmac, timingSafeEqual } from "node:crypto";
import { createServer } from "node:http";

const key = Buffer.from(process.env.VIDGO_WEBHOOK_SECRET.replace(/^whsec_/, ""), "base64");
const seen = new Set(); // In production, use a table with a unique column.

function isGenuine(body, headers) {
  const sentAt = headers["webhook-timestamp"] ?? "";
  if (!/^\d+$/.test(sentAt) || Math.abs(Date.now() / 1000 - Number(sentAt)) > 300) return false;
  const hmac = createHmac("sha256", key).update(`${headers["webhook-id"]}.${sentAt}.`).update(body);
  const expected = Buffer.from(`v1,${hmac.digest("base64")}`);
  // While the secret is rotated there are two signatures; one match is enough.
  return (headers["webhook-signature"] ?? "").split(" ").some((text) => {
    const given = Buffer.from(text);
    return given.length === expected.length && timingSafeEqual(given, expected);
  });
}

createServer(async (request, response) => {
  const parts = [];
  for await (const part of request) parts.push(part);
  const body = Buffer.concat(parts);

  const genuine = isGenuine(body, request.headers);
  response.writeHead(genuine ? 204 : 400).end();

  const id = request.headers["webhook-id"];
  if (genuine && !seen.has(id)) {
    seen.add(id);
    const task = JSON.parse(body).data;
    console.log(task.task_id, task.status);
  }
}).listen(Number(process.env.PORT ?? 8080));
