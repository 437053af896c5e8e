const response = await fetch(`${process.env.VIDGO_URL}/api/common/upload/url`, {
  method: "POST",
  headers: {
    Authorization: `Bearer ${process.env.VIDGO_API_KEY}`,
    "Content-Type": "application/json",
  },
  body: JSON.stringify({ file_url: process.env.IMAGE_URL }),
});
const answer = await response.json();
if (!response.ok) throw new Error(answer.error.message);
console.log(answer.data.file_url);
