// The playground follows what is chosen and typed: the price on the button, the count of characters,
// and the order within the code. Without it the page says the prices and shows the code it began with.
(() => {
  const box = document.querySelector("[data-playground]");
  const form = box?.querySelector("form");
  if (!form) return;
  const one = (name) => form.querySelector(`[name=${name}]:checked`);
  const text = (name) => form.elements[name]?.value.trim() ?? "";

  const order = () => {
    const task = one("task")?.value;
    const input = { prompt: form.elements.prompt.value };
    if (one("size")) input.size = one("size").value;
    if (one("output_format")) input.output_format = one("output_format").value;
    if (/^\d{1,10}$/.test(text("seed"))) input.seed = Number(text("seed"));
    if (task === "image-to-image") {
      const file = form.elements.image.files[0];
      const stands = file && box.dataset.fileAddress + encodeURIComponent(file.name);
      const address = stands || text("image_url");
      input.image_urls = address ? [address] : [];
    }
    return { model: one("tier")?.getAttribute(`data-model-${task}`), input };
  };

  const write = (place, body) => {
    const pad = `\n${" ".repeat(Number(place.dataset.pad))}`;
    const json = JSON.stringify(body, null, Number(place.dataset.spaces)).replaceAll("\n", pad);
    place.textContent = "shell" in place.dataset ? `'${json.replaceAll("'", "'\"'\"'")}'` : json;
  };

  const price = () => {
    const credits = one("tier")?.getAttribute(`data-credits-${one("task")?.value}`);
    const words = form.querySelector("[data-price-words]");
    if (words) words.textContent = credits ? ` for ${credits} credits` : "";
    const pixels = form.querySelector("[data-pixels-words]");
    pixels.textContent = one("size")?.dataset.pixels ?? "";
  };

  const count = () => {
    const place = form.querySelector("[data-count]");
    const prompt = form.elements.prompt;
    place.hidden = false;
    place.textContent = `${prompt.value.length} / ${prompt.maxLength}`;
  };

  const follow = () => {
    price();
    count();
    for (const place of box.querySelectorAll("[data-code-body]")) write(place, order());
    box.querySelector("[data-code-title]").textContent = "The same by API";
  };

  // Who has not typed anything yet tries the other task with the other sample.
  const samples = [...box.querySelectorAll("[data-sample]")];
  form.addEventListener("change", (event) => {
    if (event.target.name !== "task") return;
    const { prompt, image_url: address } = form.elements;
    const next = samples.find((sample) => sample.dataset.sample === event.target.value);
    if (!next || !samples.some((sample) => sample.dataset.prompt === prompt.value)) return;
    prompt.value = next.dataset.prompt;
    address.value = next.dataset.address;
    const size = form.querySelector(`[name=size][value="${next.dataset.size}"]`);
    if (size) size.checked = true;
    address.dispatchEvent(new Event("input", { bubbles: true }));
  });

  form.addEventListener("input", follow);
  form.addEventListener("change", follow);
  // A browser that comes back to the page fills the form in anew, after the scripts.
  addEventListener("pageshow", (event) => (event.persisted ? follow() : price()));
  price();
  count();
})();
