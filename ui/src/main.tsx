// The page's composition: the workers first, then what the server says about itself, then GraphiQL with our panel.
import "./workers";
import "graphiql/style.css";
import "@graphiql/plugin-explorer/style.css";
import "./style.css";

import { createRoot } from "react-dom/client";

import { loadConfiguration } from "./configuration";
import { Page } from "./page";
import { Session } from "./session";

const configuration = await loadConfiguration();
document.title = configuration.title;
const root = document.getElementById("graphiql");
if (root === null) throw new Error("index.html has no element #graphiql.");
createRoot(root).render(<Page configuration={configuration} session={new Session()} />);
