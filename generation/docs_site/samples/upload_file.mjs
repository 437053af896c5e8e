import { readFile } from "node:fs/promises";

const form = new FormData();
form.set("file", new Blob([await readFile("photo.png")]), "photo.png");

const response = await fetch(`${process.env.VIDGO_URL}/api/common/upload/stream`, {
  method: "POST",
  headers: { Authorization: `Bearer ${process.env.VIDGO_API_KEY}` },
  body: form,
});
const answer = await response.json();
if (!response.ok) throw new Error(answer.error.message);
console.log(answer.data.file_url);
