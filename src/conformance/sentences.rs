//! The assignment's sentences that probes quote, as they stand there, and our English. They are those of the edition of
//! 2016, unless they say otherwise.

use super::probe::Sentence;

const fn sentence(pt: &'static str, en: &'static str) -> Sentence {
    Sentence { pt, en }
}

/// How a servent is started.
pub const COMMAND_LINE: Sentence = sentence(
    "Um programa do sistema, ao ser iniciado, deverá receber um número de porto onde escutará por mensagens, o nome de um arquivo contendo um conjunto de chaves associadas com valores (mais detalhes à frente) e uma lista de (até 10) endereços de outras instâncias desse mesmo programa que estarão executando no sistema",
    "A program of the system, when it is started, gets a port number where it listens for messages, the name of a file with a set of keys that belong to values (details below), and a list of (up to 10) addresses of other instances of the same program that will be running in the system",
);

/// What a servent does first.
pub const OPENS_SOCKET: Sentence = sentence(
    "Aquele servent deve então ler o arquivo e criar um dicionário onde os pares chave-valor serão armazenados e abrir um socket UDP no porto indicado e ficar esperando por mensagens naquele socket.",
    "That servent then reads the file, makes a dictionary where the key-value pairs are stored, opens a UDP socket on the port given, and waits for messages on that socket.",
);

/// Where it must work.
pub const MININET_AND_LAN: Sentence = sentence(
    "Vocês devem implementar um protocolo em nível de aplicação, utilizando interface de sockets UDP que funcione tanto com topologias emuladas pelo mininet quanto diretamente na rede local.",
    "You implement an application-level protocol, with UDP sockets, that works with topologies emulated by mininet as well as directly on the local network.",
);

/// What a line of the file is.
pub const FILE_LINE: Sentence = sentence(
    "[...] um arquivo texto simples, onde a primeira palavra em uma linha representa a chave e o restante da linha, que deve ser seguido por um ou mais caractere(s) de tabulação (tab), é o valor associado à chave.",
    "[...] a plain text file, where the first word on a line is the key, and the rest of the line, which has to follow one or more tab characters, is the value that belongs to the key.",
);

/// Comments, and keys that appear again.
pub const FILE_COMMENTS_AND_REPEATS: Sentence = sentence(
    "Para facilitar o aproveitamento de arquivos já existentes, considere que linhas que começam com # deve ser ignoradas e se uma chave aparecer mais de uma vez no arquivo, deve-se guardar o último valor.",
    "To make use of files that exist already, lines that begin with # are to be ignored, and if a key appears more than once in the file, the last value is kept.",
);

/// A # elsewhere.
pub const FILE_HASH_IN_VALUE: Sentence = sentence(
    "Ocorrências daquele caractere no resto da linha apenas fazem parte do valor.",
    "Where that character occurs in the rest of the line, it is just part of the value.",
);

/// The excerpt's keys.
pub const FILE_EXCERPT: Sentence = sentence(
    "Esse trecho definiria quatro chaves: rtmp, tmpmux, nbp e compressnet.",
    "This excerpt would define four keys: rtmp, tcpmux (misspelt tmpmux there), nbp and compressnet.",
);

/// A client's question.
pub const CLIREQ: Sentence = sentence(
    "O cliente envia uma mensagem UDP para o seu ponto de contato contendo apenas um campo de tipo de mensagem (unsigned short, 2 bytes) com valor 1 (CLIREQ) e o texto da chave.",
    "The client sends a UDP message to its point of contact that holds only a message type field (unsigned short, 2 bytes) of value 1 (CLIREQ) and the text of the key.",
);

/// The client asks again.
pub const RETRANSMIT_ONCE: Sentence = sentence(
    "Se ele esperar por 4 segundos e não receber nenhuma resposta, ele deve retransmitir a consulta uma vez apenas e voltar a esperar.",
    "If it waits for 4 seconds and receives no answer, it retransmits the question once only and waits again.",
);

/// The client waits for more.
pub const READS_ON: Sentence = sentence(
    "Se ele receber uma resposta, ele não sabe quantas outras respostas ele pode receber, pois vários nós podem conter dados para uma mesma chave; sendo assim, ele deve entrar em um loop lendo as mensagens de resposta que porventura receba, até que ele fique esperando por 4 segundos sem que mais nenhuma resposta.",
    "If it receives an answer, it does not know how many others it may receive, since several nodes may hold data for the same key; so it loops, reading what answers it may receive, until it has waited for 4 seconds without any further answer.",
);

/// What the client shows.
pub const SHOWS: Sentence = sentence(
    "À medida que as respostas cheguem ele pode exibi-las para o usuário, indicando que par responde (seu par IP:porto) e ao final do tempo de indicar que não há mais respostas.",
    "As the answers come it can show them to the user, telling which peer answers (its pair IP:port), and at the end of the time it tells that there are no more answers.",
);

/// What the client is told by its user.
pub const USER_TYPES: Sentence = sentence(
    "Ele deve então esperar que o usuário digite uma chave, montar uma mensagem de consulta e enviá-la para o seu ponto de contato.",
    "It then waits for the user to type a key, makes a question of it, and sends it to its point of contact.",
);

/// What a client is for.
pub const CLIENT_SHOWS: Sentence = sentence(
    "[...] um programa cliente, que receberá do usuário chaves que devem ser consultadas e exibirá os resultados das consultas que forem recebidos.",
    "[...] a client program, which gets keys from the user that are to be asked for, and shows the results of the questions that are received.",
);

/// Whom the client asks.
pub const CLIENT_STARTED: Sentence = sentence(
    "O programa cliente deve ser disparado com o endereço de um dos nós da rede sobreposta que será seu ponto de contato com o sistema distribuído",
    "The client program is started with the address of one of the nodes of the overlay, which is its point of contact with the distributed system",
);

/// A QUERY's fields.
pub const QUERY: Sentence = sentence(
    "Os servents trocam apenas uma mensagem entre si, que tem o seguinte formato: um campo de tipo de mensagem (unsigned short, 2 bytes) com valor 2 (QUERY), um campo de TTL (unsigned short, 2 bytes), o endereço IP (4 bytes) e o número do porto (unsigned short, 2 bytes) do programa cliente que fez a consulta, um campo de número de sequência (unsigned int, 4 bytes) e o texto da chave que o cliente forneceu.",
    "The servents exchange only one message, of this format: a message type field (unsigned short, 2 bytes) of value 2 (QUERY), a TTL field (unsigned short, 2 bytes), the IP address (4 bytes) and the port number (unsigned short, 2 bytes) of the client program that asked, a sequence number field (unsigned int, 4 bytes), and the text of the key that the client gave.",
);

/// What becomes of a CLIREQ.
pub const MAKES_QUERY: Sentence = sentence(
    "O servent que recebe a consulta do cliente (CLIREQ) gera a primeira mensagem QUERY associada, preenchendo o IP e o número de porto do cliente (que podem ser obtidos do recvfrom), inicializa o campo TTL com o valor 3 e preenche o número de sequência com o valor de um contador que é incrementado a cada mensagem CLIREQ.",
    "The servent that receives the client's question (CLIREQ) makes the first QUERY message for it: it fills in the client's IP and port number (which recvfrom tells), sets the TTL field to 3, and the sequence number to the value of a counter that is incremented at each CLIREQ message.",
);

/// To whom the QUERY goes.
pub const TO_ALL_NEIGHBOURS: Sentence = sentence(
    "Essa mensagem é então repassada a todos os seus vizinhos.",
    "This message is then passed on to all its neighbours.",
);

/// The servent looks the key up as well.
pub const ANSWERS_CLIENT: Sentence = sentence(
    "Em paralelo, o servent deve procurar a chave localmente e responder ao cliente, se ela for encontrada.",
    "In parallel, the servent looks for the key locally and answers the client, if it is found.",
);

/// A CLIREQ that came again.
pub const NEW_NUMBER: Sentence = sentence(
    "Note que se o cliente retransmitir uma consulta, do ponto de vista do servidor, a segunda mensagem receberá um novo número de sequência.",
    "Note that if the client retransmits a question, the second message gets a new sequence number from the server's point of view.",
);

/// Messages that were seen.
pub const SEEN_BEFORE: Sentence = sentence(
    "Para isso todo nó que recebe uma QUERY deve primeiro certificar-se de que a mensagem não foi recebida anteriormente, mantendo um dicionário de mensagens já vistas (baseado nos campos de IP e porto de origem, número de sequência e chave).",
    "For this, every node that receives a QUERY first makes sure that the message was not received before, by a dictionary of messages seen (by the fields IP and port of origin, sequence number and key).",
);

/// A new QUERY is looked up.
pub const LOOKS_UP: Sentence = sentence(
    "Se a mensagem não foi vista anteriormente, o servent deve procurar pela chave no seu dicionário local e enviar uma resposta para o cliente se encontrá-la.",
    "If the message was not seen before, the servent looks for the key in its local dictionary and sends an answer to the client if it finds it.",
);

/// A new QUERY is forwarded.
pub const FORWARDS: Sentence = sentence(
    "Além disso, ele deve decrementar o valor do TTL e, se o valor resultante for maior que zero, ele deve retransmitir a mensagem para seus vizinhos, menos aquele de onde a mensagem veio.",
    "Besides, it decrements the TTL and, if the result is greater than zero, retransmits the message to its neighbours, except the one that the message came from.",
);

/// What a servent changes.
pub const CHANGES_TTL_ONLY: Sentence = sentence(
    "Note que cada servent altera apenas o TTL da mensagem de QUERY. Todos os demais campos permanecem com os valores preenchidos por quem criou a mensagem.",
    "Note that each servent changes only the TTL of the QUERY message. All other fields keep the values that were filled in by whoever made the message.",
);

/// How far a QUERY goes.
pub const CHAIN_OF_FIVE: Sentence = sentence(
    "Como o valor inicial do TTL é 3, se houverem cinco servents conectados em sequência e o primeiro da cadeia receber uma mensagem de um cliente, a QUERY gerada por ele atingirá apenas 3 servents depois dele. Isto é, o quinto servent na cadeia não veria a consulta.",
    "Since the TTL starts at 3, if there are five servents connected in a row and the first of the chain receives a message from a client, the QUERY that it makes reaches only 3 servents behind it. That is, the fifth servent of the chain would not see the question.",
);

/// To whom a RESPONSE goes.
pub const RESPONSE_DIRECTLY: Sentence = sentence(
    "Qualquer servent que encontre a chave indicada em uma mensagem de QUERY no seu dicionário local deve enviar uma mensagem RESPONSE diretamente para o cliente que fez a consulta (que pode ser identificado pelos campos de endereço/porto na mensagem QUERY.",
    "Any servent that finds the key named in a QUERY message in its local dictionary sends a RESPONSE message directly to the client that asked (which the address and port fields of the QUERY message tell).",
);

/// A RESPONSE's fields.
pub const RESPONSE: Sentence = sentence(
    "A mensagem de volta também é simples, contendo apenas um campo de tipo de mensagem (unsigned short, 2 bytes) com valor 3 (RESPONSE) e um string contendo a chave, um caractere de tabulação e o texto associado.",
    "The message back is simple as well; it holds only a message type field (unsigned short, 2 bytes) of value 3 (RESPONSE) and a string with the key, one tab character and the text that belongs to it.",
);

/// The NUL that the edition of 2017 demands.
pub const NUL_OF_2017: Sentence = sentence(
    "O string deve ser terminado com um byte nulo '\\0'. [...] O caractere nulo sempre tem que ser adicionado [...]",
    "The string has to be terminated with a null byte '\\0'. [...] The null character always has to be added [...]",
);

/// Network byte order.
pub const NETWORK_ORDER: Sentence = sentence(
    "Por exemplo, \"!Hi\" define uma representação binária para rede (!) constituída de um unsigned short (H) seguido de um int (i).",
    "For example, \"!Hi\" defines a binary representation for the network (!) made of an unsigned short (H) and then an int (i).",
);
