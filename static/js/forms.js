// A button marked data-once submits its form once, however often it is pressed.
document.addEventListener("submit", (event) => {
  const button = event.target.querySelector("[data-once]");
  if (!button) return;
  if (button.getAttribute("aria-busy") === "true") {
    event.preventDefault();
    return;
  }
  button.setAttribute("aria-busy", "true");
});

// The browser may show this very page again when one comes back to it.
addEventListener("pageshow", () => {
  for (const button of document.querySelectorAll("[data-once]")) button.removeAttribute("aria-busy");
});
