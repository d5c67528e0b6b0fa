export const ADDRESS: string | undefined;
export function checkAddress(address: string | undefined): void;
export function addressFields(address: string): Record<'repository' | 'homepage' | 'bugs', unknown>;
export function withAbsoluteLinks(readme: string, address: string, tag: string): string;
