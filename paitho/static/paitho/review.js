/* The review queue by keyboard: a part that opens takes the focus, Escape gives it back, and
   Ctrl or Command with Enter sends the form one writes in. Without this file the forms work as forms. */
(() => {
  "use strict";

  const parts = () => [...document.querySelectorAll("details.decision")];

  document.addEventListener(
    "toggle",
    (event) => {
      const part = event.target;
      if (!(part instanceof HTMLDetailsElement) || !part.matches(".decision") || !part.open) return;
      for (const other of parts()) if (other !== part) other.open = false;
      const field = part.querySelector("textarea, input:not([type=hidden]), button");
      if (!field) return;
      field.focus();
      if (field.setSelectionRange) field.setSelectionRange(field.value.length, field.value.length);
      part.scrollIntoView({ block: "nearest" });
    },
    true,
  );

  document.addEventListener("keydown", (event) => {
    const part = event.target instanceof Element && event.target.closest("details.decision[open]");
    if (!part) return;
    if (event.key === "Escape") {
      part.open = false;
      part.querySelector("summary").focus();
    } else if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
      event.preventDefault();
      part.querySelector("form").requestSubmit();
    }
  });
})();
