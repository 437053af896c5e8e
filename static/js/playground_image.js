// Previews the image to edit when it is chosen, dropped or pasted.
(() => {
  const zone = document.querySelector("[data-dropzone]");
  if (!zone) return;
  const input = zone.querySelector("input[type=file]");
  const chosen = new Image();
  chosen.className = "dropzone__picture";
  chosen.alt = "The image you chose";
  const held = zone.querySelector("[data-held]") ?? new Image();
  held.className = "dropzone__picture";
  held.alt = "The image that will be edited";
  const imageUrl = input.form.elements.image_url;
  const label = zone.querySelector("[data-file-text]");
  const limit = label.textContent;
  const size = (bytes) =>
    bytes < 1e6 ? `${Math.max(1, Math.round(bytes / 1e3))} KB` : `${(bytes / 1e6).toFixed(1)} MB`;

  const show = () => {
    const file = input.files[0];
    if (chosen.src) URL.revokeObjectURL(chosen.src);
    held.hidden = Boolean(file);
    if (file) {
      chosen.src = URL.createObjectURL(file);
      zone.prepend(chosen);
    } else {
      chosen.remove();
    }
    label.textContent = file ? `${file.name}, ${size(file.size)}` : limit;
  };

  // Only our own URLs have a preview: the CSP blocks images from other sites.
  const showHeld = () => {
    const url = URL.canParse(imageUrl.value) ? new URL(imageUrl.value) : null;
    if (url?.origin === location.origin && /\.(png|jpe?g|webp|gif)$/.test(url.pathname)) {
      held.src = url.href;
      zone.prepend(held);
    } else {
      held.remove();
    }
  };

  input.addEventListener("change", show);
  imageUrl.addEventListener("input", showHeld);
  for (const name of ["dragenter", "dragover"]) {
    zone.addEventListener(name, () => zone.classList.add("dropzone--over"));
  }
  for (const name of ["dragleave", "drop"]) {
    zone.addEventListener(name, () => zone.classList.remove("dropzone--over"));
  }

  zone.querySelector("[data-paste-text]").hidden = false;
  document.addEventListener("paste", (event) => {
    const image = [...(event.clipboardData?.files ?? [])].find((file) => file.type.startsWith("image/"));
    if (!image) return;
    event.preventDefault();
    const transfer = new DataTransfer();
    transfer.items.add(image);
    input.files = transfer.files;
    const edit = input.form.querySelector("[name=task][value=image-to-image]");
    if (edit) edit.checked = true;
    input.dispatchEvent(new Event("change", { bubbles: true }));
  });

  show();
})();
