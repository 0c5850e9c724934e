//! What the report's terms mean, in Portuguese.

pub(super) const DEFINITIONS: &[(&str, &str)] = &[
    (
        "Janela",
        "Os clientes se conectam (rampa), o feed corre sem registro (aquecimento), a janela é \
         registrada e as mensagens atrasadas são aguardadas (escoamento). Uma mensagem pertence à \
         janela se o seu instante previsto pertence.",
    ),
    (
        "Latência de entrega",
        "Instante da entrega − instante previsto. Ela conta a partir do momento em que a mensagem \
         devia sair segundo a agenda; assim, o atraso do publicador, do servidor ou do cliente \
         também entra nela. p99 é a latência que 99 de 100 entregas não ultrapassaram; mín. e máx. \
         são os extremos.",
    ),
    (
        "Esperadas e perdidas",
        "Esperadas = mensagens publicadas × assinantes do seu feed. Perdidas = esperadas e nunca \
         entregues. As latências cobrem só o que foi entregue; leia-as ao lado das perdas.",
    ),
    (
        "Bytes por entrega",
        "Bytes nos dois sentidos, divididos pelas entregas, em cinco camadas. As quatro primeiras \
         juntas são os bytes na rede, que passam pelo socket TCP. Conteúdo: o texto da mensagem. \
         Envelope: o resto do JSON. Protocolo: cabeçalhos HTTP, delimitação de blocos e de SSE, \
         cabeçalhos de quadros WebSocket, máscaras e heartbeats. TLS: os registros. TCP-IP: os \
         cabeçalhos dos segmentos que o kernel contou, com as confirmações. O custo de conectar \
         não está incluído; os heartbeats estão.",
    ),
    (
        "Trocas",
        "Uma requisição HTTP com a sua resposta; uma troca vazia não levou mensagem. Fluxos \
         contínuos não têm trocas.",
    ),
    (
        "CPU",
        "Tempo de CPU de um processo, no programa (usuário) e no kernel em nome dele (sistema), \
         dividido pelas entregas. O percentual é de um núcleo.",
    ),
    (
        "Memória por cliente",
        "Crescimento da memória residente de um processo desde antes da conexão do primeiro \
         cliente, dividido pelos clientes. A memória do kernel para os sockets não faz parte dela.",
    ),
    (
        "Mediana e intervalo",
        "Um ensaio conta uma vez, por mais mensagens que entregue. O intervalo de 95 % contém a \
         mediana verdadeira em cerca de 95 de 100 execuções como esta. Ele precisa de cinco \
         ensaios que não sejam INVALID.",
    ),
    (
        "Defasagem",
        "Fração da janela em que um cliente não tinha a mensagem mais nova, sobre todos os \
         clientes. Bozdag, Mesbah e van Deursen (2007) a chamam de perda de coerência dos dados. \
         Ela compara polling e push de forma justa, porque não conta nenhuma mensagem duas vezes.",
    ),
    (
        "Verificações",
        "Atraso do laço de eventos: quanto as threads da carga se atrasaram, em uma amostra a cada \
         centésimo de segundo. Sonda: alguns assinantes a mais, em um processo próprio; se as \
         latências deles diferem das dos outros, os processos da carga fazem parte dos valores. \
         Diferença entre as pontas: bytes que o servidor contou a mais ou a menos que a carga.",
    ),
    (
        "Arquivos",
        "trials.csv, summary.csv e timeline.csv são texto UTF-8, com vírgulas entre as células e \
         pontos nos números. Uma planilha em português lê 1011.711 como 1011711. Por isso, abra o \
         arquivo com a função de importação: no LibreOffice, idioma inglês (EUA) e separador \
         vírgula; no Excel, Dados, De Texto/CSV, e a localidade inglês. O wslab também lê o que \
         uma planilha salvou com ponto e vírgula e vírgula decimal.",
    ),
    (
        "Veredito",
        "VALID: nenhuma dúvida foi encontrada. SUSPECT: leia com cuidado. INVALID: o ensaio não \
         responde à sua pergunta.",
    ),
    (
        "Limites",
        "A carga e o servidor que ela iniciou dividem esta máquina. Eles disputam núcleos e \
         caches. No loopback não há entre eles uma rede lenta, compartilhada ou que perca \
         pacotes. Por isso, confie mais em comparações e razões do que em valores isolados, e \
         espere outros valores em outra máquina. Os intervalos cobrem o que variou entre os ensaios desta execução, e \
         não o que varia de um dia para o outro ou de uma máquina para outra.",
    ),
];
