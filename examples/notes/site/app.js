const at = (id) => document.getElementById(id);
const { api, client, cognito } = await (await fetch("config.json")).json();
let token;

async function signIn(USERNAME, PASSWORD) {
  const res = await fetch(cognito, {
    method: "POST",
    headers: { "Content-Type": "application/x-amz-json-1.1", "X-Amz-Target": "AWSCognitoIdentityProviderService.InitiateAuth" },
    body: JSON.stringify({ AuthFlow: "USER_PASSWORD_AUTH", ClientId: client, AuthParameters: { USERNAME, PASSWORD } }),
  });
  const said = await res.json();
  if (!res.ok) throw new Error(said.message);
  token = said.AuthenticationResult.IdToken;
}

async function call(method, path, body) {
  const res = await fetch(api + path, { method, headers: { authorization: `Bearer ${token}` }, body: body && JSON.stringify(body) });
  if (!res.ok) throw new Error((await res.json()).error ?? res.statusText);
  return res.status === 204 ? null : res.json();
}

async function show() {
  at("notes").replaceChildren(...(await call("GET", "/notes")).map((note) => {
    const line = document.createElement("li"), gone = document.createElement("button"), words = document.createElement("small");
    words.textContent = note.words === null ? " …" : ` ${note.words} words`;
    line.append(note.text, words, gone);
    gone.textContent = "Delete";
    gone.onclick = () => act(() => call("DELETE", `/notes/${note.id}`));
    return line;
  }));
}

async function act(fn) {
  at("error").textContent = "";
  try { await fn(); await show(); } catch (e) { at("error").textContent = e.message; }
}

at("who").onsubmit = (e) => {
  e.preventDefault();
  act(async () => {
    await signIn(e.target.user.value, e.target.password.value);
    at("who").hidden = true;
    at("write").hidden = false;
  });
};
at("write").onsubmit = (e) => {
  e.preventDefault();
  act(() => call("POST", "/notes", { text: e.target.text.value })).then(() => e.target.reset());
};
