// Copy buttons, visible only where the browser allows copying (https or localhost).
if (navigator.clipboard) {
  for (const button of document.querySelectorAll("[data-copy]")) button.hidden = false;

  document.addEventListener("click", async (event) => {
    const button = event.target.closest("[data-copy]");
    const source = button?.closest("[data-copies]")?.querySelector("[data-copied]");
    if (!source) return;
    await navigator.clipboard.writeText(source.textContent);
    const label = button.querySelector("[data-copy-label]");
    label.textContent = "Copied";
    setTimeout(() => {
      label.textContent = "Copy";
    }, 2000);
  });
}
