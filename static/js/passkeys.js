// Passkeys: a form with data-passkey asks the browser for a credential and submits it.
// "create" registers a passkey, "get" signs in with one. The options come from data-options or from
// the form's URL. Bytes are base64url in JSON and buffers in the browser's API.
const toBuffer = (text) =>
  Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), (c) => c.charCodeAt(0)).buffer;

const toText = (buffer) =>
  btoa(String.fromCharCode(...new Uint8Array(buffer)))
    .replaceAll("+", "-")
    .replaceAll("/", "_")
    .replaceAll("=", "");

const withBuffers = (list) => list?.map((each) => ({ ...each, id: toBuffer(each.id) }));

async function create({ publicKey }, isPasswordless) {
  const selection = { ...publicKey.authenticatorSelection };
  selection.residentKey = isPasswordless ? "required" : "discouraged";
  selection.requireResidentKey = isPasswordless;
  if (isPasswordless) selection.userVerification = "required";
  return navigator.credentials.create({
    publicKey: {
      ...publicKey,
      challenge: toBuffer(publicKey.challenge),
      user: { ...publicKey.user, id: toBuffer(publicKey.user.id) },
      excludeCredentials: withBuffers(publicKey.excludeCredentials),
      authenticatorSelection: selection,
    },
  });
}

async function get({ publicKey }) {
  return navigator.credentials.get({
    publicKey: {
      ...publicKey,
      challenge: toBuffer(publicKey.challenge),
      allowCredentials: withBuffers(publicKey.allowCredentials),
    },
  });
}

function asJson(credential) {
  const response = {};
  for (const name of ["clientDataJSON", "attestationObject", "authenticatorData", "signature", "userHandle"]) {
    if (credential.response[name]) response[name] = toText(credential.response[name]);
  }
  const transports = credential.response.getTransports?.();
  if (transports) response.transports = transports;
  return JSON.stringify({
    id: credential.id,
    rawId: toText(credential.rawId),
    type: credential.type,
    response,
    clientExtensionResults: credential.getClientExtensionResults(),
  });
}

async function optionsOf(form) {
  if (form.dataset.options) return JSON.parse(form.dataset.options);
  const answer = await fetch(form.action, { headers: { Accept: "application/json" } });
  if (!answer.ok) throw new Error("The server returned no options.");
  return (await answer.json()).request_options;
}

const MESSAGES = {
  NotAllowedError: "Canceled or timed out. Please try again.",
  InvalidStateError: "This device already has a passkey for your account.",
  SecurityError: "Passkeys need a domain name: open this page by its domain, not by an IP address.",
};

async function run(form) {
  const note = form.querySelector("[data-passkey-note]");
  const button = form.querySelector("[data-passkey-button]");
  note.textContent = "";
  button.disabled = true;
  try {
    const options = await optionsOf(form);
    const isPasswordless = form.elements.passwordless?.checked ?? true;
    const credential = form.dataset.passkey === "create" ? await create(options, isPasswordless) : await get(options);
    form.elements.credential.value = asJson(credential);
    form.submit();
  } catch (error) {
    note.textContent = MESSAGES[error.name] ?? "This did not work in this browser.";
    button.disabled = false;
  }
}

for (const form of document.querySelectorAll("[data-passkey]")) {
  const note = form.querySelector("[data-passkey-note]");
  if (!window.PublicKeyCredential) {
    note.textContent = "This browser does not support passkeys, or the page was not opened over https.";
    continue;
  }
  note.textContent = "";
  form.querySelector("[data-passkey-button]").hidden = false;
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    run(form);
  });
}
