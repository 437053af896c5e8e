// Updates the playground as the user types: the price on the button, the character count, and the
// request in the code snippets. Without it the page still lists all prices and the initial code.
(() => {
  const box = document.querySelector("[data-playground]");
  const form = box?.querySelector("form");
  if (!form) return;
  const one = (name) => form.querySelector(`[name=${name}]:checked`);
  const text = (name) => form.elements[name]?.value.trim() ?? "";

  const requestBody = () => {
    const task = one("task")?.value;
    const input = { prompt: form.elements.prompt.value };
    if (one("size")) input.size = one("size").value;
    if (one("output_format")) input.output_format = one("output_format").value;
    if (/^\d{1,10}$/.test(text("seed"))) input.seed = Number(text("seed"));
    if (task === "image-to-image") {
      const file = form.elements.image.files[0];
      // An example URL stands in for a file that is not uploaded yet.
      const placeholder = file && box.dataset.fileAddress + encodeURIComponent(file.name);
      const url = placeholder || text("image_url");
      input.image_urls = url ? [url] : [];
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
    const label = form.querySelector("[data-price-text]");
    if (label) label.textContent = credits ? ` for ${credits} credits` : "";
    const pixels = form.querySelector("[data-pixels-text]");
    pixels.textContent = one("size")?.dataset.pixels ?? "";
  };

  const count = () => {
    const place = form.querySelector("[data-count]");
    const prompt = form.elements.prompt;
    place.hidden = false;
    place.textContent = `${prompt.value.length} / ${prompt.maxLength}`;
  };

  const update = () => {
    price();
    count();
    for (const place of box.querySelectorAll("[data-code-body]")) write(place, requestBody());
  };

  // Switching the task also switches an unchanged sample.
  const samples = [...box.querySelectorAll("[data-sample]")];
  form.addEventListener("change", (event) => {
    if (event.target.name !== "task") return;
    const { prompt, image_url: imageUrl } = form.elements;
    const next = samples.find((sample) => sample.dataset.sample === event.target.value);
    if (!next || !samples.some((sample) => sample.dataset.prompt === prompt.value)) return;
    prompt.value = next.dataset.prompt;
    imageUrl.value = next.dataset.imageUrl;
    const size = form.querySelector(`[name=size][value="${next.dataset.size}"]`);
    if (size) size.checked = true;
    imageUrl.dispatchEvent(new Event("input", { bubbles: true }));
  });

  form.addEventListener("input", update);
  form.addEventListener("change", update);
  // Browsers restore form values after scripts have run.
  addEventListener("pageshow", (event) => (event.persisted ? update() : price()));
  price();
  count();
})();
