// Shows the channels at work. Nothing is kept but what is on the page.
"use strict";

const CHANNELS = ["jobs", "nodes", "queue", "metrics", "alerts"];
const ROWS = 200;
const byId = (id) => document.getElementById(id);
let socket = null;
let last = null; // sequence of the newest update: where to go on after a cut
let times = [];
let retry = 1000;
let timer = null;

for (const name of CHANNELS) {
  const label = document.createElement("label");
  const box = document.createElement("input");
  box.type = "checkbox";
  box.id = "channel-" + name;
  box.checked = true;
  box.addEventListener("change", () => {
    if (socket && socket.readyState === WebSocket.OPEN) {
      box.checked ? subscribe(name) : send({ action: "unsubscribe", channel: name });
    }
  });
  label.append(box, " " + name);
  byId("channels").append(label);
}

byId("connect").addEventListener("submit", (event) => {
  event.preventDefault();
  last = null;
  clearTimeout(timer);
  if (socket) socket.onclose = null, socket.close();
  connect();
});

function say(text, kind) {
  byId("status").textContent = text;
  byId("status").className = kind || "";
}

function send(message) {
  socket.send(JSON.stringify(message));
}

function subscribe(channel) {
  const message = { action: "subscribe", channel, subscription: channel };
  if (channel === "jobs") {
    message.filter = {};
    for (const name of ["user", "state"]) {
      if (byId(name).value.trim()) message.filter[name] = byId(name).value.trim();
    }
  }
  if (last !== null) message.since = last;
  if (last !== null || channel === "queue" || channel === "metrics") message.snapshot = true;
  send(message);
}

function connect() {
  say("Connecting …");
  const scheme = location.protocol === "https:" ? "wss://" : "ws://";
  socket = new WebSocket(scheme + location.host + "/v1/ws");
  socket.onopen = () => send({ action: "authenticate", token: byId("token").value });
  socket.onmessage = (event) => hear(JSON.parse(event.data));
  socket.onclose = (event) => {
    if (event.code >= 4400 && event.code < 4500) {
      say("Closed: " + (event.reason || event.code), "bad");
      return;
    }
    say("The connection was cut (" + event.code + "); trying again …", "bad");
    timer = setTimeout(connect, retry);
    retry = Math.min(retry * 2, 30000);
  };
}

function hear(message) {
  if (message.error) {
    say(message.error.message, "bad");
  } else if (message.action === "authenticated") {
    retry = 1000;
    say("Connected as " + message.user + ".", "good");
    for (const name of CHANNELS) if (byId("channel-" + name).checked) subscribe(name);
  } else if (message.action === "snapshot") {
    const rows = message.data[message.channel] || [];
    if (message.channel === "queue" || message.channel === "metrics") rows.forEach(show);
  } else if (message.action === "lagged") {
    say("This page was too slow for a moment; what it missed follows.", "bad");
  } else if (message.sequence && message.resource_id) {
    last = Math.max(last || 0, message.sequence);
    times.push(Date.now());
    add(message);
    if (message.channel === "queue" || message.channel === "metrics") show(message.data);
  } else if (message.action === "subscribed" && last === null) {
    last = message.sequence;
  }
}

function show(data) {
  const set = (id, value, unit) => {
    if (value !== undefined && value !== null) byId(id).textContent = value.toLocaleString("en") + (unit || "");
  };
  set("running", data.running);
  set("pending", data.pending);
  set("cpu", data.cpu_utilization, " %");
  set("memory", data.memory_utilization, " %");
  set("gpu", data.gpu_utilization, " %");
}

function add(message) {
  const row = document.createElement("tr");
  const data = message.data;
  const what = document.createElement("span");
  what.textContent = data.state || message.action;
  what.className = "state " + (data.state || "");
  const hidden = new Set(["job_id", "node_name", "state", "partitions", "pending_reasons", "jobs", "nodes"]);
  const details = Object.entries(data)
    .filter(([key, value]) => !hidden.has(key) && value !== null && !(Array.isArray(value) && !value.length))
    .slice(0, 8)
    .map(([key, value]) => key + " " + (Array.isArray(value) ? value.join(", ") : typeof value === "object" ? JSON.stringify(value) : value))
    .join(" · ");
  const cells = [message.sequence, message.timestamp.slice(11, 19), message.channel, message.resource_id, what, details];
  for (const value of cells) {
    const cell = document.createElement("td");
    cell.append(value instanceof Node ? value : String(value));
    row.append(cell);
  }
  const table = byId("updates");
  const empty = table.querySelector(".empty");
  if (empty) empty.remove();
  table.prepend(row);
  while (table.rows.length > ROWS) table.lastElementChild.remove();
}

setInterval(() => {
  times = times.filter((time) => time > Date.now() - 60000);
  byId("rate").textContent = times.length;
}, 1000);
