/** The bundler's text loader: the file as it is. */
declare module "*.py" {
	const text: string;
	export default text;
}
