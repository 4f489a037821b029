// The start panel's title, by which GraphiQL's sidebar also names its button.
export const START_TITLE = "Start";
