export { type FromAiSdkOptions, fromAiSdk } from './fromAiSdk.ts';
export { fromAiSdkEmbeddings } from './fromAiSdkEmbeddings.ts';
