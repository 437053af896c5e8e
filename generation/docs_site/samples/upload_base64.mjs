import { readFile } from "node:fs/promises";

const response = await fetch(`${process.env.VIDGO_URL}/api/common/upload/base64`, {
  method: "POST",
  headers: {
    Authorization: `Bearer ${process.env.VIDGO_API_KEY}`,
    "Content-Type": "application/json",
  },
  body: JSON.stringify({
    base64_data: (await readFile("photo.png")).toString("base64"),
    file_name: "photo.png",
  }),
});
const answer = await response.json();
if (!response.ok) throw new Error(answer.error.message);
console.log(answer.data.file_url);
