/* How far an upload is. Without scripts the form sends itself and the browser shows its own progress. */
(() => {
  "use strict";

  const megabytes = (bytes) => (bytes / 1e6).toFixed(bytes < 1e7 ? 1 : 0);

  function left(sent, total, since) {
    const seconds = ((performance.now() - since) / 1000) * ((total - sent) / sent);
    if (!Number.isFinite(seconds) || seconds < 3) return "";
    return seconds < 90 ? `, about ${Math.max(5, Math.round(seconds / 5) * 5)} seconds left` : `, about ${Math.round(seconds / 60)} minutes left`;
  }

  // The page that the server answered with, in place of this one: a refusal, with its sentence by the field
  function show(text) {
    const answer = new DOMParser().parseFromString(text, "text/html").getElementById("main");
    const main = document.getElementById("main");
    if (!answer || !main) return location.reload();
    main.replaceWith(document.adoptNode(answer));
    const problem = document.querySelector("#main [aria-invalid=true], #main .error-summary");
    if (problem) problem.focus();
  }

  function send(form) {
    const line = form.querySelector("[data-upload-progress]");
    const bar = line.querySelector("progress");
    const note = line.querySelector("[data-upload-note]");
    const state = line.querySelector("[data-upload-state]");
    const buttons = form.querySelectorAll("button");
    const request = new XMLHttpRequest();
    const since = performance.now();
    const over = () => {
      line.hidden = true;
      for (const button of buttons) button.disabled = false;
    };
    request.upload.addEventListener("progress", (event) => {
      if (!event.lengthComputable) return;
      bar.max = event.total;
      bar.value = event.loaded;
      note.textContent = `${megabytes(event.loaded)} of ${megabytes(event.total)} MB${left(event.loaded, event.total, since)}`;
    });
    request.upload.addEventListener("load", () => {
      bar.removeAttribute("value");
      state.textContent = "The file is here. It is being sealed and looked at.";
    });
    request.addEventListener("load", () => {
      if (request.status === 200 && request.responseURL !== location.href) location.assign(request.responseURL);
      else show(request.responseText);
    });
    request.addEventListener("error", () => {
      over();
      document.dispatchEvent(new CustomEvent("toast", { detail: { text: "The connection broke before the whole file was here. Nothing was kept; try again.", tone: "bad" } }));
    });
    request.open("POST", form.action);
    request.send(new FormData(form));
    line.hidden = false;
    for (const button of buttons) button.disabled = true;
  }

  document.addEventListener("submit", (event) => {
    const form = event.target.closest("form[data-upload]");
    const file = form && form.querySelector("input[type=file]");
    if (!file || !file.files.length) return;
    event.preventDefault();
    send(form);
  });
})();
