// Copy buttons: they appear only where the browser can copy (a page served over https, or locally).
if (navigator.clipboard) {
  for (const button of document.querySelectorAll("[data-copy]")) button.hidden = false;

  document.addEventListener("click", async (event) => {
    const button = event.target.closest("[data-copy]");
    const source = button?.closest("[data-copies]")?.querySelector("[data-copied]");
    if (!source) return;
    await navigator.clipboard.writeText(source.textContent);
    const word = button.querySelector("[data-copy-word]");
    word.textContent = "Copied";
    setTimeout(() => {
      word.textContent = "Copy";
    }, 2000);
  });
}
