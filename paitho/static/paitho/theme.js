/* Runs before the first paint, so that a remembered theme never flashes. */
(() => {
  "use strict";
  const root = document.documentElement;
  const system = matchMedia("(prefers-color-scheme: dark)");

  function remembered() {
    try {
      return localStorage.getItem("paitho.theme");
    } catch {
      return null; // storage is blocked: follow the system
    }
  }

  function apply() {
    const choice = remembered();
    const chosen = choice === "light" || choice === "dark";
    root.dataset.bsTheme = chosen ? choice : system.matches ? "dark" : "light";
    root.dataset.themeChoice = chosen ? choice : "system";
  }

  root.classList.add("js");
  apply();
  system.addEventListener("change", apply);
  addEventListener("storage", apply);
  addEventListener("paitho:theme", apply);
})();
