// Logs in with irc-framework: node framework.js PORT NAME PASSWORD [CERTIFICATE]
"use strict";

const fs = require("fs");
const { Client } = require("irc-framework");

const [port, name, password, certificate] = process.argv.slice(2);
const client = new Client();
const options = {
    host: "localhost",
    port: Number(port),
    // Nobody vouches for the server's certificate here.
    ssl: true,
    rejectUnauthorized: false,
    auto_reconnect: false,
    nick: `${name}_`,
    account: { account: name, password },
    sasl_disconnect_on_fail: true,
};
if (certificate) {
    const both = fs.readFileSync(certificate, "utf8");
    options.sasl_mechanism = "EXTERNAL";
    options.client_certificate = { certificate: both, private_key: both };
    options.account = {};
}
client.on("registered", (event) => console.log(`welcome ${event.nick}`));
client.on("sasl failed", () => console.log("refused"));
client.connect(options);
