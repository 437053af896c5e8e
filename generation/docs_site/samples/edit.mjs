const response = await fetch(`${process.env.VIDGO_URL}/api/generate/submit`, {
  method: "POST",
  headers: {
    Authorization: `Bearer ${process.env.VIDGO_API_KEY}`,
    "Content-Type": "application/json",
  },
  body: JSON.stringify({
    model: "flux-kontext-pro-edit",
    input: {
      prompt: "Make it night, with the windows lit",
      image_urls: [process.env.IMAGE_URL],
      size: "4:3",
    },
  }),
});
const answer = await response.json();
if (!response.ok) throw new Error(answer.error.message);

const task = answer.data;
console.log(task.task_id, task.status, task.credits_amount);
