// A form with a passkey: the button [data-passkey] asks the browser, the hidden field takes what it says.
"use strict";

for (const button of document.querySelectorAll("[data-passkey]")) {
  const options = JSON.parse(document.getElementById(button.dataset.options).textContent);
  const form = button.form;
  const can = window.PublicKeyCredential && PublicKeyCredential.parseRequestOptionsFromJSON;
  if (!can) continue;
  button.hidden = false;
  button.addEventListener("click", async () => {
    if (![...form.querySelectorAll("[required]:not([name$=code])")].every((field) => field.reportValidity())) return;
    const trouble = form.querySelector("[data-trouble]");
    trouble.hidden = true;
    try {
      const made = button.dataset.passkey === "make"
        ? await navigator.credentials.create({ publicKey: PublicKeyCredential.parseCreationOptionsFromJSON(options.publicKey) })
        : await navigator.credentials.get({ publicKey: PublicKeyCredential.parseRequestOptionsFromJSON(options.publicKey) });
      form.querySelector("[name$=credential]").value = JSON.stringify(made.toJSON());
      form.submit();
    } catch (error) {
      trouble.textContent = "The passkey was not used: " + error.message;
      trouble.hidden = false;
    }
  });
}
