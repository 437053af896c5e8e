import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";

// One key per request: store it with the request before the first attempt.
const key = randomUUID();

let response;
let answer;
for (let attempt = 0; attempt < 6; attempt += 1) {
  try {
    response = await fetch(`${process.env.VIDGO_URL}/api/generate/submit`, {
      method: "POST",
      headers: {
        Authorization: `Bearer ${process.env.VIDGO_API_KEY}`,
        "Content-Type": "application/json",
        "Idempotency-Key": key,
      },
      body: JSON.stringify({
        model: "flux-kontext-pro",
        input: { prompt: "A paper boat on a pond" },
      }),
    });
    answer = await response.json();
  } catch {
    await sleep(1000 * 2 ** attempt); // No response: retry with the same key.
    continue;
  }
  if (response.ok || !answer.error.retryable) break;
  await sleep(1000 * Number(response.headers.get("Retry-After") ?? 2 ** attempt));
}

if (!response?.ok) throw new Error(answer?.error.message ?? "no response after six attempts");
console.log(answer.data.task_id, response.headers.get("Idempotency-Replayed") ?? "new");
