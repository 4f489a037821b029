// What clients that ask by hash have in common: where the gateway is, who asks, and a `fetch` that notes what it sent.

const { URL: url, TOKEN: token, NAME: name } = process.env;

export const http = `${url}/graphql`;
export const headers = { authorization: `Bearer ${token}` };
export const query = `query ${name} { viewer { role } }`;

const sent = [];

export const noting = (address, request) => {
  const given = request.body ? JSON.parse(request.body) : Object.fromEntries(new URL(address).searchParams);
  sent.push(`${request.method} ${given.query ? "text" : "hash"}`);
  return fetch(address, request);
};

export const tell = (roles) => console.log(JSON.stringify({ sent, roles }));
