// Light or dark: the visitor's system decides, until the switch in the header has been used.
(() => {
  const root = document.documentElement;
  const stored = () => {
    try {
      return localStorage.getItem("theme");
    } catch {
      return null; // Storage may be forbidden; the system's choice is a fine one.
    }
  };
  const chosen = stored();
  if (chosen === "light" || chosen === "dark") root.dataset.theme = chosen;

  document.addEventListener("DOMContentLoaded", () => {
    const system = matchMedia("(prefers-color-scheme: dark)");
    for (const button of document.querySelectorAll("[data-theme-switch]")) {
      button.hidden = false;
      button.addEventListener("click", () => {
        const now = root.dataset.theme ?? (system.matches ? "dark" : "light");
        root.dataset.theme = now === "dark" ? "light" : "dark";
        try {
          localStorage.setItem("theme", root.dataset.theme);
        } catch {
          // The choice then lasts for this page only.
        }
      });
    }
  });
})();
