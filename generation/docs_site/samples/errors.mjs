const response = await fetch(`${process.env.VIDGO_URL}/api/generate/submit`, {
  method: "POST",
  headers: {
    Authorization: `Bearer ${process.env.VIDGO_API_KEY}`,
    "Content-Type": "application/json",
  },
  body: JSON.stringify({
    model: "flux-kontext-pro",
    input: { prompt: "A kite", size: "2:1" },
  }),
});
if (!response.ok) {
  const { error } = await response.json();
  switch (error.type) {
    case "insufficient_credits_error":
      console.log("Top up first:", error.message);
      break;
    case "invalid_request_error":
      console.log("Fix", error.param, "-", error.message);
      break;
    default:
      console.log(response.status, error.message, error.request_id);
  }
}
